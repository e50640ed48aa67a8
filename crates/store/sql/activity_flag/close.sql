UPDATE activity_flag SET closed_at = $at, closed_by = $by, released = $released
WHERE id = $id AND (closed_at IS NULL OR ($released AND NOT released))

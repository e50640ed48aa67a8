SELECT id, bounds FROM staff
WHERE role = 'administrator' AND NOT disabled
ORDER BY id

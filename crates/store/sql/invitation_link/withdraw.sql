DELETE FROM invitation_link WHERE used_at IS NULL

INSERT INTO activity (kind, object, day, times, amount)
VALUES ($kind, $object, $day, $times, $amount)
ON CONFLICT (kind, object, day) DO UPDATE
SET times = activity.times + excluded.times, amount = activity.amount + excluded.amount
RETURNING times, amount

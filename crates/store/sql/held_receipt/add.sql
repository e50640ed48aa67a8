INSERT INTO held_receipt (flag, receipt) VALUES ($flag, $receipt) ON CONFLICT (flag, receipt) DO NOTHING

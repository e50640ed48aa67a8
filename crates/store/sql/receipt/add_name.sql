INSERT INTO receipt_name (name, receipt) VALUES ($name, $receipt)
ON CONFLICT (name) DO NOTHING

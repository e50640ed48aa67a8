INSERT INTO receipt_name (name, receipt) VALUES ($name, $receipt)
ON CONFLICT (name) DO UPDATE SET receipt = excluded.receipt
WHERE receipt_name.receipt = excluded.receipt

INSERT INTO lot_use (transfer, position, lot, amount, restored)
VALUES ($transfer, $position, $lot, $amount, $restored)

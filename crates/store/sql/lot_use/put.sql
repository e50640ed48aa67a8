UPDATE lot_use SET amount = $amount, restored = $restored
WHERE transfer = $transfer AND position = $position

INSERT INTO wallet_day (wallet, network, day, net, receipts, points)
VALUES ($wallet, $network, $day, $net, $receipts, $points)
ON CONFLICT (wallet, network, day) DO UPDATE
SET net = wallet_day.net + excluded.net, receipts = wallet_day.receipts + excluded.receipts,
    points = wallet_day.points + excluded.points

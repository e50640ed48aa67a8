UPDATE receipt
SET network = $network, shop = $shop, till = $till, number = $number,
    content_sha256 = $content_sha256, version = $version, card = $card, wallet = $wallet,
    customer = $customer, original = $original, net = $net, points = $points,
    points_by_line = $points_by_line, answer = $answer, at = $at, day = $day,
    received_at = $received_at
WHERE id = $id

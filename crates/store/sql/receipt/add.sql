INSERT INTO receipt (
    id, network, shop, till, number, content_sha256, version, card, wallet, customer, original,
    net, points, points_by_line, answer, at, day, received_at
)
VALUES (
    $id, $network, $shop, $till, $number, $content_sha256, $version, $card, $wallet, $customer,
    $original, $net, $points, $points_by_line, $answer, $at, $day, $received_at
)

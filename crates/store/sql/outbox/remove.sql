DELETE FROM outbox WHERE webhook = $webhook

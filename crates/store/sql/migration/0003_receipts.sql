-- Receipts whose points wait until somebody has looked at a flag: one row for each flag that holds them.
CREATE TABLE held_receipt (
    flag BIGINT NOT NULL REFERENCES activity_flag (id),
    receipt TEXT NOT NULL REFERENCES receipt (id),
    PRIMARY KEY (flag, receipt)
) {{clustered}};
CREATE INDEX held_receipt_by_receipt ON held_receipt (receipt);
-- Whether who closed it let go what it held, and lets the rest of that day pass.
ALTER TABLE activity_flag ADD COLUMN released BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX activity_flag_of_object ON activity_flag (object, day);

-- An erasure finds a customer's receipts.
CREATE INDEX receipt_by_customer ON receipt (customer) WHERE customer IS NOT NULL;

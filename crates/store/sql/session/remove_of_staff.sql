DELETE FROM session WHERE staff = $staff

# tools/gdb/madt-duplicate.gdb - see madt.py.
source tools/gdb/madt.py
hbreak acpi_read_tables
continue
break-madt duplicate
delete

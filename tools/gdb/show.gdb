# tools/gdb/show.gdb - use the commands of prague.py once, with all CPUs up: for tools/test.
hbreak run_tests
continue
percpu cpu_id 2
percpu preempt_count 0
pgd 0
pgd 2
delete

from reenactbench.cli import main

raise SystemExit(main())

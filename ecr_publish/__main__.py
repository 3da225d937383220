"""`python -m ecr_publish`: the same as the console script."""

from ecr_publish.cli.main import main

if __name__ == "__main__":
    main()

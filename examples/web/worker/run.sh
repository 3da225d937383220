#!/bin/sh
echo "Hello from the worker."

#!/bin/sh
kubectl -n $(namespace) get pods $(date)
test $(params.quota) = 1

kubectl run orders-debug --image=$IMAGE_ORDERS_V2 --labels=app=orders

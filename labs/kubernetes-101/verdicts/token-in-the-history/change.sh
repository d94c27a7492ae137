kubectl annotate deployment web kubernetes.io/change-cause="set env API_TOKEN=$PARAM_TOKEN"

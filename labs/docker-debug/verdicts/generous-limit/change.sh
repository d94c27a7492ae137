docker update --memory 2g --memory-swap 2g thumbs

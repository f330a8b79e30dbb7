# Upload dog.txt to the user-uploads bucket
rclone copy dog.txt r2:user-uploads/
rclone tree r2:user-uploads
# /
# ├── foobar.png
# └── dog.txt


# Download dog.txt from the user-uploads bucket
rclone copy r2:user-uploads/dog.txt .

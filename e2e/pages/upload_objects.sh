# Upload a single file
rclone copy /path/to/local/file.txt r2:bucket_name


# Upload everything in a directory
rclone copy /path/to/local/folder r2:bucket_name

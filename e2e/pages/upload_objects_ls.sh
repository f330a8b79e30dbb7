rclone ls r2:bucket_name

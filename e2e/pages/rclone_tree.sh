rclone tree r2:
# /
# ├── user-uploads
# │   └── foobar.png
# └── my-bucket-name
#     ├── cat.png
#     └── todos.txt


rclone tree r2:my-bucket-name
# /
# ├── cat.png
# └── todos.txt

echo 'Hello, R2!' > myfile.txt

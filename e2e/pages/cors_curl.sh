curl --request PUT <URL> --header "Content-Type: text/plain" --data "123"

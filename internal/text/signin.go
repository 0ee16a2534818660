package text

var signInEnglish = map[Key]string{}

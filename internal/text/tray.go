package text

var trayEnglish = map[Key]string{}

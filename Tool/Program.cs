using System;

Console.WriteLine("mdyn");

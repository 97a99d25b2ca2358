using System.Runtime.InteropServices;

namespace Seedance.Onnx.Media;

/// <summary>What a program that ran to its end left behind.</summary>
/// <param name="ExitCode">0 for success; 128 + the signal's number where a signal ended it.</param>
/// <param name="Output">Everything it wrote on its standard output.</param>
/// <param name="Errors">The last lines of its standard error, on one line.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ProcessResult(int ExitCode, byte[] Output, string Errors);

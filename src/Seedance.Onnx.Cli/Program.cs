using System.Runtime.InteropServices;
using System.Text;
using Seedance.Onnx.Cli;

// UTF-8 whatever the locale says: prompts are in any language.
Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);

// Ctrl-C and SIGTERM ask; the command then cleans up and ends by itself. Asking twice does not skip the cleaning.
using CancellationTokenSource stop = new();
using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);

CommandHost host = new() { Output = Console.Out, OpenOutput = Console.OpenStandardOutput, Error = Console.Error, ShowsProgress = !Console.IsErrorRedirected };
return await SeedanceCommand.RunAsync(args, host, stop.Token).ConfigureAwait(false);

void Stop(PosixSignalContext context)
{
    context.Cancel = true;
    stop.Cancel();
}

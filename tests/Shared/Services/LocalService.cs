using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Seedance.Onnx.Testing.Services;

/// <summary>A program that a test runs beside itself on the loopback address, in a folder of its own that goes with it; killed when the test ends.</summary>
internal abstract class LocalService : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private readonly List<Process> _processes = [];
    private readonly StringBuilder _said = new();

    /// <summary>Its folder. The name is plain, because Erlang's is not a world of UTF-8.</summary>
    protected string Folder { get; } = Directory.CreateTempSubdirectory("seedance-service-").FullName;

    /// <summary>Its port.</summary>
    protected int Port { get; } = FreePort();

    /// <summary>A port that nobody listens on.</summary>
    public static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Starts it, again too, and waits until it answers.</summary>
    public async Task StartAsync()
    {
        Launch();
        using CancellationTokenSource late = new(Patience);
        while (true)
        {
            try
            {
                await AskAsync(late.Token);
                return;
            }
            catch (Exception error) when (!late.IsCancellationRequested)
            {
                if (_processes.Exists(process => process.HasExited))
                {
                    // After a kill, what it left may hold its files for a moment.
                    await KillAsync();
                    Launch();
                }

                Assert.True(error is not Xunit.Sdk.XunitException, error.Message);
                await Task.Delay(100, CancellationToken.None);
            }
            catch (Exception error)
            {
                Assert.Fail($"{GetType().Name} must answer, but does not: {error.Message} {_said}");
            }
        }
    }

    /// <summary>Kills it (SIGKILL), with all processes that it began.</summary>
    public async Task KillAsync()
    {
        foreach (Process process in _processes)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            process.Dispose();
        }

        _processes.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        for (int tries = 0; Directory.Exists(Folder); tries++)
        {
            try
            {
                Directory.Delete(Folder, recursive: true);
            }
            catch (IOException) when (tries < 50)
            {
                await Task.Delay(100); // what it began writes its last
            }
        }
    }

    /// <summary>Starts its processes.</summary>
    protected abstract void Launch();

    /// <summary>Returns if it answers, and throws if it does not.</summary>
    protected abstract Task AskAsync(CancellationToken cancellationToken);

    /// <summary>Runs a program until it ends.</summary>
    protected static void Run(string program, params IEnumerable<string> arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> errors = process.StandardError.ReadToEndAsync(), output = process.StandardOutput.ReadToEndAsync();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{program} must end with 0, but ends with {process.ExitCode}: {output.Result} {errors.Result}");
    }

    /// <summary>Starts a program that goes on.</summary>
    protected void Begin(string program, IEnumerable<string> arguments, params IEnumerable<(string Name, string Value)> variables)
    {
        ProcessStartInfo start = new(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Folder };
        foreach ((string name, string value) in variables)
        {
            start.Environment[name] = value;
        }

        Process process = new() { StartInfo = start };
        process.OutputDataReceived += Note;
        process.ErrorDataReceived += Note;
        _ = process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _processes.Add(process);
    }

    private void Note(object sender, DataReceivedEventArgs line)
    {
        lock (_said)
        {
            _ = _said.AppendLine(line.Data);
        }
    }
}

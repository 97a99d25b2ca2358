using System.Diagnostics;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Server.Clients;

/// <summary>
/// Scripts beside this file that use clients of others from npm, unmodified. The clients are installed once, into the folder that the launchers keep; a test is skipped where Node.js or its
/// registry is missing.
/// </summary>
internal static class NodeClient
{
    private static readonly string[] Parts = [".npmrc", "package.json", "package-lock.json"];
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly SemaphoreSlim Installing = new(1, 1);

    private static string Sources { get; } = RepositoryFolder.PathOf("tests", "Seedance.Onnx.Server.Tests", "Clients");

    private static string Folder { get; } = RepositoryFolder.PathOf(".cache", "clients");

    /// <summary>Runs a script against a server.</summary>
    /// <param name="script">Its file name.</param>
    /// <param name="server">The server.</param>
    /// <param name="key">The API key that the client is given.</param>
    /// <returns>What it wrote.</returns>
    public static async Task<string> RunAsync(string script, RunningServer server, string key)
    {
        await InstallAsync();
        string copy = Path.Combine(Folder, script); // beside the modules that it imports
        File.Copy(Path.Combine(Sources, script), copy, overwrite: true);
        (int code, string text) = await RunAsync("node", [copy, server.Client.BaseAddress!.ToString().TrimEnd('/'), key]);
        Assert.True(code == 0, text);
        return text;
    }

    private static async Task InstallAsync()
    {
        await Installing.WaitAsync();
        try
        {
            string wanted = string.Join('\n', Parts.Select(part => File.ReadAllText(Path.Combine(Sources, part)))), stamp = Path.Combine(Folder, "installed");
            if (File.Exists(stamp) && await File.ReadAllTextAsync(stamp) == wanted)
            {
                return;
            }

            _ = Directory.CreateDirectory(Folder);
            foreach (string part in Parts)
            {
                File.Copy(Path.Combine(Sources, part), Path.Combine(Folder, part), overwrite: true);
            }

            (int code, string text) = await RunAsync("npm", ["ci", "--ignore-scripts"]);
            Skip.If(code != 0, $"The clients of npm must be installed, but npm ci failed: {text.Trim().Split('\n')[^1]}");
            await File.WriteAllTextAsync(stamp, wanted);
        }
        finally
        {
            _ = Installing.Release();
        }
    }

    private static async Task<(int Code, string Text)> RunAsync(string program, IReadOnlyList<string> arguments)
    {
        ProcessStartInfo start = new(program, arguments) { WorkingDirectory = Folder, UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception missing)
        {
            throw new SkipException($"Node.js with npm must be installed, but '{program}' is missing. Run: sudo apt-get install --no-install-recommends npm", missing);
        }

        using (process)
        {
            using CancellationTokenSource late = new(Patience);
            Task<string> output = process.StandardOutput.ReadToEndAsync(late.Token), errors = process.StandardError.ReadToEndAsync(late.Token);
            try
            {
                await process.WaitForExitAsync(late.Token);
                return (process.ExitCode, await output + await errors);
            }
            finally
            {
                if (!process.HasExited)
                {
                    process.Kill(entireProcessTree: true);
                }
            }
        }
    }
}

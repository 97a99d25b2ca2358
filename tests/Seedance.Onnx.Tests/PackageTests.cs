using System.Diagnostics;
using Seedance.Onnx.Testing;

namespace Seedance.Onnx;

/// <summary>The packages that dotnet pack makes, in a project that knows nothing of this repository.</summary>
[Trait("Tier", "Package"), Collection(RunsAlone.Name)]
public sealed class PackageTests
{
    private static readonly string[] Projects = ["OnnxRuntime", "Seedance.Onnx.Core", "Seedance.Onnx.Graphs", "Seedance.Onnx.Ort", "Seedance.Onnx.Media", "Seedance.Onnx"];

    [Fact]
    public async Task Pack_FreshConsoleProject_MakesAVideoFromALocalFolder()
    {
        string build = AppContext.BaseDirectory.Contains("Release", StringComparison.Ordinal) ? "Release" : "Debug";
        using TemporaryFolder folder = new();
        // No version that a cache may know from an earlier run.
        string version = $"0.0.0-test{Guid.NewGuid():N}", feed = folder.PathOf("feed"), app = Directory.CreateDirectory(folder.PathOf("app")).FullName;
        string projects = string.Join(';', Projects.Select(name => RepositoryFolder.PathOf("src", name, name + ".csproj")));
        await File.WriteAllTextAsync(folder.PathOf("pack.proj"), $"""
            <Project>
              <Target Name="Pack"><MSBuild Projects="{projects}" Targets="Pack" BuildInParallel="true" Properties="NoBuild=true;Configuration={build};Version={version};PackageOutputPath={feed}" /></Target>
            </Project>
            """);
        await File.WriteAllTextAsync(Path.Combine(app, "nuget.config"), $"""
            <configuration>
              <packageSources><clear /><add key="local" value="{feed}" /></packageSources>
              <fallbackPackageFolders><add key="machine" value="{MachinePackages}" /></fallbackPackageFolders>
            </configuration>
            """);
        await File.WriteAllTextAsync(Path.Combine(app, "app.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings><RestorePackagesPath>{folder.PathOf("packages")}</RestorePackagesPath></PropertyGroup>
              <ItemGroup><PackageReference Include="Seedance.Onnx" Version="{version}" /></ItemGroup>
            </Project>
            """);
        await File.WriteAllTextAsync(Path.Combine(app, "Program.cs"), """
            using Seedance.Onnx;
            using Seedance.Onnx.Requests;

            await using VideoPipeline pipeline = await VideoPipeline.OpenAsync(args[0]);
            int frames = 0;
            await foreach (var frame in pipeline.GenerateAsync(new VideoRequest { Prompt = "[Shot 1] red ball. [Shot 2] a star", Frames = 9 }))
            {
                frames++;
            }

            Console.WriteLine($"{frames} frames on {pipeline.Graphs[0].Provider}");
            """);

        await DotnetAsync(folder.Path, "msbuild", "pack.proj", "-t:Pack", "-v:quiet", "-nologo", "-nodeReuse:false");
        await DotnetAsync(app, "build", "-c", "Release", "-v", "quiet", "-nologo", "-nodeReuse:false", "--disable-build-servers");
        string output = await DotnetAsync(app, Path.Combine("bin", "Release", "net10.0", "app.dll"), FilmPack.Folder);

        Assert.Equal("9 frames on Cpu", output.Trim());
        Assert.Equal(Projects.Length, Directory.EnumerateFiles(feed, "*.nupkg").Count());
    }

    private static string MachinePackages => Environment.GetEnvironmentVariable("NUGET_PACKAGES")
        ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    /// <summary>Runs the SDK that runs this test.</summary>
    private static async Task<string> DotnetAsync(string folder, params string[] arguments)
    {
        ProcessStartInfo start = new(Environment.ProcessPath is { } own && Path.GetFileNameWithoutExtension(own) == "dotnet" ? own : "dotnet", arguments)
        {
            WorkingDirectory = folder,
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // What the test runner says of itself is not for its children.
        foreach (string name in start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToArray())
        {
            start.Environment.Remove(name);
        }

        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"dotnet {string.Join(' ', arguments)} must succeed, but ended with {process.ExitCode}: {output}{await errors}");
        return output;
    }
}

using System.Xml.Linq;

namespace Seedance.Onnx.Architecture;

/// <summary>The files of a repository as the rules see them: without build outputs and fetched packages. Paths are relative, with '/'.</summary>
internal sealed class SourceTree(string root)
{
    private static readonly string[] LeftOut = [".git", ".cache", "bin", "obj", "node_modules", "artifacts", "TestResults"];

    /// <summary>The repository that these tests were built from.</summary>
    public static SourceTree Repository { get; } = new(FindRepository());

    public IEnumerable<string> Files(string pattern) => Walk(new DirectoryInfo(root), pattern).Order(StringComparer.Ordinal);

    public string Read(string path) => File.ReadAllText(Path.Combine(root, path));

    public bool Exists(string path) => Path.Exists(Path.Combine(root, path));

    /// <summary>Project name to the names of the projects that it references.</summary>
    public IReadOnlyDictionary<string, string[]> ProjectReferences() => Files("*.csproj").ToDictionary(
        path => Path.GetFileNameWithoutExtension(path),
        path => XDocument.Parse(Read(path)).Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value)).ToArray(),
        StringComparer.Ordinal);

    private IEnumerable<string> Walk(DirectoryInfo folder, string pattern) =>
        folder.EnumerateFiles(pattern).Select(file => Path.GetRelativePath(root, file.FullName).Replace('\\', '/'))
            .Concat(folder.EnumerateDirectories().Where(child => !LeftOut.Contains(child.Name)).SelectMany(child => Walk(child, pattern)));

    private static string FindRepository()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Seedance.Onnx.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName
            ?? throw new InvalidOperationException($"The tests must run inside the repository, but '{AppContext.BaseDirectory}' is not in it.");
    }
}

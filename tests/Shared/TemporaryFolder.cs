namespace Seedance.Onnx.Testing;

/// <summary>A folder of a test's own, with a name beyond ASCII, that goes when the test ends.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public TemporaryFolder()
    {
        Path = Directory.CreateTempSubdirectory("seedance 测试 é ").FullName;
    }

    public string Path { get; }

    /// <summary>The full path of something in the folder.</summary>
    public string PathOf(params string[] parts) => System.IO.Path.Combine([Path, .. parts]);

    /// <summary>Copies all files of another folder into this one, or into a folder of it.</summary>
    public void Fill(string from, params string[] parts)
    {
        foreach (string file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            string copy = PathOf([.. parts, System.IO.Path.GetRelativePath(from, file)]);
            _ = Directory.CreateDirectory(System.IO.Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

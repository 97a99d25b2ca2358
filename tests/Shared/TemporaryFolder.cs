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

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

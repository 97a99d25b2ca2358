namespace Seedance.Onnx;

/// <summary>The pack that the project ships.</summary>
internal static class ShippedPack
{
    /// <summary>onnx/seedance-mini in the folder of the program, or above it.</summary>
    public static string Find()
    {
        string name = Path.Combine("onnx", "seedance-mini");
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !Directory.Exists(Path.Combine(folder.FullName, name)))
        {
            folder = folder.Parent;
        }

        return folder is null ? throw new DirectoryNotFoundException($"There must be a folder {name} above {AppContext.BaseDirectory}, but is none.") : Path.Combine(folder.FullName, name);
    }
}

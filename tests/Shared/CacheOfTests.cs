using System.Runtime.CompilerServices;

namespace Seedance.Onnx.Testing;

/// <summary>Composed graphs go into a folder of this process, not into the user's cache.</summary>
internal static class CacheOfTests
{
    [ModuleInitializer]
    internal static void Use()
    {
        string folder = Directory.CreateTempSubdirectory("seedance-tests-cache-").FullName;
        Environment.SetEnvironmentVariable("XDG_CACHE_HOME", folder);
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, recursive: true);
            }
        };
    }
}

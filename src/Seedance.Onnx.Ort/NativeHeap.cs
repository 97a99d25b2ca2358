using System.Runtime.InteropServices;

namespace Seedance.Onnx.Ort;

/// <summary>The heap that native libraries share.</summary>
public static class NativeHeap
{
    private static readonly TrimMemory? Trim = Find();

    /// <summary>glibc's malloc_trim.</summary>
    private delegate int TrimMemory(nuint kept);

    /// <summary>
    /// Gives memory that was freed back to the system, where the heap is glibc's: it keeps what lies between blocks that are in use. After sessions were opened, a fifth of what the process holds.
    /// </summary>
    public static void GiveBack() => Trim?.Invoke(0);

    private static TrimMemory? Find() => OperatingSystem.IsLinux() && NativeLibrary.TryLoad("libc.so.6", out nint library) && NativeLibrary.TryGetExport(library, "malloc_trim", out nint trim)
        ? Marshal.GetDelegateForFunctionPointer<TrimMemory>(trim)
        : null;
}

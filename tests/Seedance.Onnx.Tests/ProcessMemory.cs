using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Seedance.Onnx;

/// <summary>What this process takes.</summary>
internal static class ProcessMemory
{
    private const string PeakReset = "/proc/self/clear_refs";

    /// <summary>glibc's malloc_trim.</summary>
    private delegate int TrimMemory(nuint kept);

    /// <summary>Whether the most memory of a while can be measured.</summary>
    public static bool CanMeasurePeak => OperatingSystem.IsLinux() && File.Exists(PeakReset);

    /// <summary>Forgets the most memory so far.</summary>
    public static void ResetPeak() => File.WriteAllText(PeakReset, "5");

    /// <summary>The most bytes since it was forgotten.</summary>
    public static long Peak()
    {
        string line = File.ReadLines("/proc/self/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) << 10;
    }

    /// <summary>Bytes in use: memory that was freed goes back to the system first, else it would count as taken, or be taken again uncounted.</summary>
    public static long Resident()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        if (OperatingSystem.IsLinux() && NativeLibrary.TryLoad("libc.so.6", out IntPtr library) && NativeLibrary.TryGetExport(library, "malloc_trim", out IntPtr trim))
        {
            _ = Marshal.GetDelegateForFunctionPointer<TrimMemory>(trim)(0);
        }

        using Process process = Process.GetCurrentProcess();
        return process.WorkingSet64;
    }
}

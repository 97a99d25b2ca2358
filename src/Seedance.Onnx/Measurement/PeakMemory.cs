using System.Globalization;
using Seedance.Onnx.Ort;

namespace Seedance.Onnx.Measurement;

/// <summary>The most memory of this process over a while, where the system tells (Linux).</summary>
internal sealed class PeakMemory
{
    private const string ResetFile = "/proc/self/clear_refs", StatusFile = "/proc/self/status";

    private readonly long? _before;

    private PeakMemory(long? before)
    {
        _before = before;
    }

    /// <summary>Begins to measure; memory that was freed goes back to the system first.</summary>
    public static PeakMemory Begin()
    {
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        NativeHeap.GiveBack();
        try
        {
            File.WriteAllText(ResetFile, "5");
            return new PeakMemory(Read("VmRSS:"));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return new PeakMemory(before: null);
        }
    }

    /// <summary>The most bytes since, beyond those at the beginning; null where the system does not tell.</summary>
    public long? Bytes => _before is { } before && Read("VmHWM:") is { } peak ? Math.Max(peak - before, 0) : null;

    private static long? Read(string key) => File.ReadLines(StatusFile).FirstOrDefault(line => line.StartsWith(key, StringComparison.Ordinal)) is { } line
        ? long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) << 10
        : null;
}

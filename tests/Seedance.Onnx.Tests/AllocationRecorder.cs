namespace Seedance.Onnx;

/// <summary>Notes, at every report, how much the reporting thread has allocated so far, and allocates nothing itself.</summary>
internal sealed class AllocationRecorder(int capacity) : IProgress<GenerationProgress>
{
    private readonly long[] _bytes = new long[capacity];
    private int _count;

    public void Report(GenerationProgress value)
    {
        if (value.Stage == GenerationStage.Denoise)
        {
            _bytes[_count++] = GC.GetAllocatedBytesForCurrentThread();
        }
    }

    /// <summary>Managed bytes allocated between one report and the next.</summary>
    public IReadOnlyList<long> BetweenReports => [.. Enumerable.Range(1, _count - 1).Select(i => _bytes[i] - _bytes[i - 1])];
}

namespace Seedance.Onnx.Ort;

/// <summary>How many native objects are alive that this project opened. Tests check that it returns to where it was.</summary>
internal static class LiveHandles
{
    private static int _count;

    public static int Count => Volatile.Read(ref _count);

    public static void Opened() => Interlocked.Increment(ref _count);

    public static void Closed() => Interlocked.Decrement(ref _count);
}

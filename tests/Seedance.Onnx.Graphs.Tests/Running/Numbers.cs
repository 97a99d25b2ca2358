namespace Seedance.Onnx.Graphs.Tests.Running;

/// <summary>Numbers for tests: the same on every machine.</summary>
internal static class Numbers
{
    /// <summary>Values between −1 and 1 that look random.</summary>
    public static float[] Between(int seed, long count)
    {
        var values = new float[count];
        uint state = (uint)seed * 2654435761u;
        for (int i = 0; i < values.Length; i++)
        {
            state = (state * 1664525u) + 1013904223u;
            values[i] = ((state >> 8) / (float)(1 << 23)) - 1;
        }

        return values;
    }

    /// <summary>float32 between −1 and 1.</summary>
    public static OnnxTensor Tensor(int seed, params long[] dimensions) => OnnxTensor.Create<float>("", Between(seed, dimensions.Aggregate(1L, (a, b) => a * b)), dimensions);
}

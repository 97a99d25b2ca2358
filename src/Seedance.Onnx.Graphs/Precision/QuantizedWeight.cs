using Seedance.Onnx.Graphs.Evaluation;

namespace Seedance.Onnx.Graphs.Precision;

/// <summary>A weight in few bits, as the quantised operators take it.</summary>
/// <param name="Tensors">The numbers and their scales, in the order of the operator's inputs.</param>
internal sealed record QuantizedWeight(OnnxTensor[] Tensors)
{
    /// <summary>Signed bytes with a scale for each column: w ≈ scale[n] · q[k, n], as DynamicQuantizeMatMul takes it.</summary>
    public static QuantizedWeight Columns(OnnxTensor weight, bool transposed, bool reducedRange)
    {
        (int k, int n) = Size(weight, transposed);
        float[] values = Values(weight);
        int most = reducedRange ? 63 : 127;
        float[] scales = new float[n];
        sbyte[] bytes = new sbyte[(long)k * n];
        for (int column = 0; column < n; column++)
        {
            float largest = 0;
            for (int row = 0; row < k; row++)
            {
                largest = MathF.Max(largest, MathF.Abs(values[At(row, column, k, n, transposed)]));
            }

            scales[column] = largest == 0 ? 1 : largest / most;
            for (int row = 0; row < k; row++)
            {
                bytes[((long)row * n) + column] = (sbyte)Math.Clamp(MathF.Round(values[At(row, column, k, n, transposed)] / scales[column]), -most, most);
            }
        }

        return new QuantizedWeight([OnnxTensor.Create<sbyte>($"{weight.Name}_int8", bytes, k, n), OnnxTensor.Create<float>($"{weight.Name}_scale", scales, n)]);
    }

    /// <summary>Unsigned numbers around the middle of their range, in blocks along the summed axis, as MatMulNBits takes them: w ≈ scale · (q − 2^(bits − 1)).</summary>
    public static QuantizedWeight Blocks(OnnxTensor weight, bool transposed, int blockSize, int bits)
    {
        (int k, int n) = Size(weight, transposed);
        float[] values = Values(weight);
        int blocks = (k + blockSize - 1) / blockSize, blockBytes = blockSize * bits / 8, middle = 1 << (bits - 1);
        float[] scales = new float[n * blocks];
        byte[] packed = new byte[(long)n * blocks * blockBytes];
        for (int column = 0; column < n; column++)
        {
            for (int block = 0; block < blocks; block++)
            {
                int from = block * blockSize, to = Math.Min(from + blockSize, k), target = (column * blocks) + block;
                float extreme = 0;
                for (int row = from; row < to; row++)
                {
                    float value = values[At(row, column, k, n, transposed)];
                    extreme = MathF.Abs(value) > MathF.Abs(extreme) ? value : extreme;
                }

                // The range reaches one further below the middle than above: the extreme value goes there, whatever its sign.
                float scale = scales[target] = extreme == 0 ? 1 : extreme / -middle;
                for (int i = 0; i < blockSize; i++)
                {
                    int q = from + i < k ? (int)Math.Clamp(MathF.Round(values[At(from + i, column, k, n, transposed)] / scale) + middle, 0, (2 * middle) - 1) : middle;
                    long at = ((long)target * blockBytes) + (i * bits / 8);
                    packed[at] |= (byte)(bits == 8 ? q : q << (i % 2 * 4));
                }
            }
        }

        return new QuantizedWeight([OnnxTensor.Create<byte>($"{weight.Name}_q{bits}", packed, n, blocks, blockBytes), OnnxTensor.Create<float>($"{weight.Name}_scale", scales, scales.Length)]);
    }

    private static float[] Values(OnnxTensor weight) =>
        weight.ElementType == OnnxElementType.Float32 ? weight.ToArray<float>() : Array.ConvertAll(HostArray.From(weight)!.ToDoubles(), value => (float)value);

    private static (int K, int N) Size(OnnxTensor weight, bool transposed) => ((int)weight.Dimensions[transposed ? 1 : 0], (int)weight.Dimensions[transposed ? 0 : 1]);

    private static long At(int row, int column, int k, int n, bool transposed) => transposed ? ((long)column * k) + row : ((long)row * n) + column;
}

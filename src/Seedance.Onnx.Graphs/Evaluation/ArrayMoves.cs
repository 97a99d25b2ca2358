namespace Seedance.Onnx.Graphs.Evaluation;

/// <summary>Operators that move elements and compute nothing, on the bytes of any type.</summary>
internal static class ArrayMoves
{
    /// <summary>Elements of <paramref name="source"/> at offset + Σ index · stride, for all indices of <paramref name="dims"/>.</summary>
    public static HostArray View(HostArray source, long offset, long[] dims, long[] strides)
    {
        int item = source.ItemBytes, rank = dims.Length;
        long count = OnnxTensor.Count(dims);
        byte[] bytes = new byte[checked(count * item)];
        if (count == 0)
        {
            return new HostArray(source.Type, dims, bytes);
        }

        // The innermost axis is copied in one piece where its elements are neighbours.
        long inner = rank == 0 ? 1 : dims[^1], step = rank == 0 ? 1 : strides[^1];
        long[] index = new long[Math.Max(rank - 1, 0)];
        for (long row = 0; row < count / inner; row++)
        {
            long from = offset;
            for (int axis = 0; axis < index.Length; axis++)
            {
                from += index[axis] * strides[axis];
            }

            Span<byte> to = bytes.AsSpan(checked((int)(row * inner * item)), checked((int)(inner * item)));
            if (step == 1)
            {
                source.Bytes.AsSpan(checked((int)(from * item)), to.Length).CopyTo(to);
            }
            else
            {
                for (int i = 0; i < inner; i++)
                {
                    source.Bytes.AsSpan(checked((int)((from + (i * step)) * item)), item).CopyTo(to[(i * item)..]);
                }
            }

            for (int axis = index.Length - 1; axis >= 0 && ++index[axis] == dims[axis]; axis--)
            {
                index[axis] = 0;
            }
        }

        return new HostArray(source.Type, dims, bytes);
    }

    /// <summary>Elements to walk for one step along each axis.</summary>
    public static long[] Strides(long[] dims)
    {
        long[] strides = new long[dims.Length];
        long stride = 1;
        for (int axis = dims.Length - 1; axis >= 0; axis--)
        {
            strides[axis] = stride;
            stride *= dims[axis];
        }

        return strides;
    }

    /// <summary>The common shape of two; null when they do not fit.</summary>
    public static long[]? Broadcast(long[] a, long[] b)
    {
        long[] dims = new long[Math.Max(a.Length, b.Length)];
        for (int i = 1; i <= dims.Length; i++)
        {
            long x = i <= a.Length ? a[^i] : 1, y = i <= b.Length ? b[^i] : 1;
            if (x != y && x != 1 && y != 1)
            {
                return null;
            }

            dims[^i] = x == 1 ? y : x;
        }

        return dims;
    }

    /// <summary>The array repeated along its axes of length 1, and along new axes in front.</summary>
    public static HostArray Expand(HostArray source, long[] dims)
    {
        if (source.Dims.AsSpan().SequenceEqual(dims))
        {
            return source;
        }

        long[] from = Strides(source.Dims), strides = new long[dims.Length];
        for (int i = 1; i <= source.Dims.Length; i++)
        {
            strides[^i] = source.Dims[^i] == 1 ? 0 : from[^i];
        }

        return View(source, 0, dims, strides);
    }

    public static HostArray Transpose(HostArray source, int[] order)
    {
        long[] strides = Strides(source.Dims);
        return View(source, 0, Array.ConvertAll(order, axis => source.Dims[axis]), Array.ConvertAll(order, axis => strides[axis]));
    }

    public static HostArray Tile(HostArray source, long[] repeats)
    {
        long[] strides = Strides(source.Dims);
        long[] dims = [.. repeats.SelectMany((repeat, axis) => new[] { repeat, source.Dims[axis] })];
        long[] steps = [.. strides.SelectMany(stride => new[] { 0, stride })];
        return View(source, 0, dims, steps).WithDims([.. repeats.Select((repeat, axis) => repeat * source.Dims[axis])]);
    }

    public static HostArray Concat(IReadOnlyList<HostArray> sources, int axis)
    {
        long outer = OnnxTensor.Count(sources[0].Dims.AsSpan(0, axis));
        long[] dims = [.. sources[0].Dims];
        dims[axis] = sources.Sum(source => source.Dims[axis]);
        byte[] bytes = new byte[sources.Sum(source => source.Bytes.LongLength)];
        int at = 0;
        for (int i = 0; i < outer; i++)
        {
            foreach (HostArray source in sources)
            {
                int block = (int)(source.Bytes.Length / outer);
                source.Bytes.AsSpan(i * block, block).CopyTo(bytes.AsSpan(at));
                at += block;
            }
        }

        return new HostArray(sources[0].Type, dims, bytes);
    }

    /// <summary>Slices along an axis picked by position; null when a position is outside.</summary>
    public static HostArray? Gather(HostArray source, HostArray indices, int axis)
    {
        long length = source.Dims[axis];
        long[] picks = Array.ConvertAll(indices.ToInt64s(), index => index < 0 ? index + length : index);
        if (Array.Exists(picks, pick => pick < 0 || pick >= length))
        {
            return null;
        }

        long outer = OnnxTensor.Count(source.Dims.AsSpan(0, axis)), inner = OnnxTensor.Count(source.Dims.AsSpan(axis + 1)) * source.ItemBytes;
        byte[] bytes = new byte[checked(outer * picks.Length * inner)];
        for (long i = 0; i < outer; i++)
        {
            for (long j = 0; j < picks.Length; j++)
            {
                source.Bytes.AsSpan((int)(((i * length) + picks[j]) * inner), (int)inner).CopyTo(bytes.AsSpan((int)(((i * picks.Length) + j) * inner)));
            }
        }

        return new HostArray(source.Type, [.. source.Dims[..axis], .. indices.Dims, .. source.Dims[(axis + 1)..]], bytes);
    }

    /// <summary>ONNX's Slice: starts and ends may be negative or beyond the end, steps may be negative; null when a step is 0.</summary>
    public static HostArray? Slice(HostArray source, long[] starts, long[] ends, int[] axes, long[] steps)
    {
        long[] dims = [.. source.Dims], strides = Strides(source.Dims);
        long offset = 0;
        for (int i = 0; i < axes.Length; i++)
        {
            int axis = axes[i];
            if (SliceLength(source.Dims[axis], starts[i], ends[i], steps[i]) is not var (start, length))
            {
                return null;
            }

            dims[axis] = length;
            offset += start * strides[axis];
            strides[axis] *= steps[i];
        }

        return View(source, OnnxTensor.Count(dims) == 0 ? 0 : offset, dims, strides);
    }

    /// <summary>Where a slice of an axis begins and how long it is; null when the step is 0.</summary>
    public static (long Start, long Length)? SliceLength(long dimension, long start, long end, long step)
    {
        if (step == 0 || step == long.MinValue)
        {
            return null;
        }

        start = start < 0 ? start + dimension : start;
        end = end < 0 && end >= -dimension ? end + dimension : end;
        start = step > 0 ? Math.Clamp(start, 0, dimension) : Math.Clamp(start, 0, Math.Max(dimension - 1, 0));
        end = step > 0 ? Math.Clamp(end, 0, dimension) : Math.Clamp(end, -1, Math.Max(dimension - 1, 0));
        long length = step > 0 ? (end - start + step - 1) / step : (start - end - step - 1) / -step;
        return (start, dimension == 0 ? 0 : Math.Max(length, 0));
    }
}

using Seedance.Onnx.Latents;
using Seedance.Onnx.Ort;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Stages;

/// <summary>Runs the pixel graph over the chunks of one tile after the other; all tiles are of one size.</summary>
internal sealed class TileDecoder : IDisposable
{
    private readonly LatentGeometry _geometry;
    private readonly LatentShape _tile;
    private readonly int _chunk;
    private readonly int _clipFrames;
    private readonly GraphSession _pixels;
    private readonly GraphBinding _binding;
    private readonly List<(TensorContract Past, DeviceTensor Nothing, DeviceTensor[] Turns)> _memory = [];

    /// <param name="pixels">The pixel graph; borrowed.</param>
    /// <param name="geometry">How its latents relate to frames.</param>
    /// <param name="tile">The latents of one tile over the whole clip.</param>
    /// <param name="chunk">Latent frames of a chunk.</param>
    /// <param name="clipFrames">Frames of the clip.</param>
    public TileDecoder(GraphSession pixels, LatentGeometry geometry, LatentShape tile, int chunk, int clipFrames)
    {
        _pixels = pixels;
        _geometry = geometry;
        _tile = tile;
        _chunk = chunk;
        _clipFrames = clipFrames;
        try
        {
            // Its tensors change from chunk to chunk, which a recording would not see.
            _binding = pixels.CreateBinding(isRecorded: false);
            foreach (TensorContract past in ChunkMemory.PastOf(pixels.Contract))
            {
                Remember(pixels, past);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>How often the graph ran.</summary>
    public int Runs => _binding.Runs;

    /// <summary>The time that those runs took.</summary>
    public TimeSpan InRuns => _binding.Elapsed;

    /// <summary>Decodes a tile.</summary>
    /// <param name="latents">The clip's latents, [C, f, h, w].</param>
    /// <param name="clip">Their shape.</param>
    /// <param name="top">The tile's first latent row.</param>
    /// <param name="left">The tile's first latent column.</param>
    /// <param name="isLast">Whether it is the last tile, after which the graph gives its memory back.</param>
    /// <param name="canvas">Where its frames are drawn.</param>
    /// <param name="drawn">Told the index of each frame once it is drawn; null for nobody.</param>
    /// <param name="cancellationToken">Stops the run between two nodes.</param>
    public void Run(ReadOnlySpan<float> latents, LatentShape clip, int top, int left, bool isLast, FrameCanvas canvas, Action<int>? drawn, CancellationToken cancellationToken)
    {
        foreach ((TensorContract past, DeviceTensor nothing, _) in _memory)
        {
            _binding.BindInput(past.Name, nothing);
        }

        int done = 0;
        for (int first = 0, turn = 0; first < clip.Frames; first += _chunk, turn = 1 - turn)
        {
            int count = Math.Min(_chunk, clip.Frames - first);
            int made = _memory.Count > 0 ? count * _geometry.TemporalStride : _clipFrames;
            using HostTensor sample = Cut(latents, clip, first, count, top, left);
            using HostTensor frames = HostTensor.Allocate(ElementType.UInt8, made, _tile.Height * _geometry.SpatialStride, _tile.Width * _geometry.SpatialStride, 3);
            _binding.BindInput(ComposedTensors.Latents, sample);
            _binding.BindOutput(ComposedTensors.Frames, frames);
            foreach ((TensorContract past, _, DeviceTensor[] turns) in _memory)
            {
                _binding.BindOutput(ChunkMemory.PresentOf(past.Name), turns[turn]);
            }

            Run(isLast && first + count == clip.Frames, sample, frames, cancellationToken);
            int bytes = checked((int)(frames.ByteSize / made)), planned = _geometry.Frames(first + count);
            for (int index = made - (planned - done); index < made; index++)
            {
                canvas.Draw(done, frames.AsBytes().Slice(index * bytes, bytes));
                drawn?.Invoke(done);
                done++;
            }

            foreach ((TensorContract past, _, DeviceTensor[] turns) in _memory)
            {
                _binding.BindInput(past.Name, turns[turn]);
            }
        }
    }

    /// <summary>Runs on what is bound. Where that fails, frames of another number or size than planned may be why: a run that makes room for whatever comes tells.</summary>
    private void Run(bool isLast, HostTensor sample, HostTensor frames, CancellationToken cancellationToken)
    {
        try
        {
            _binding.Run(isLast, cancellationToken);
        }
        catch (GraphExecutionException) when (Runs == 0)
        {
            Dictionary<string, GraphTensor> inputs = _memory.ToDictionary(memory => memory.Past.Name, memory => (GraphTensor)memory.Nothing, StringComparer.Ordinal);
            inputs.Add(ComposedTensors.Latents, sample);
            using GraphOutputs made = _pixels.Run(inputs, cancellationToken);
            if (!made[ComposedTensors.Frames].Shape.SequenceEqual(frames.Shape))
            {
                throw new GraphExecutionException(
                    _pixels.Contract.Role, $"the frames must be [{string.Join(", ", frames.Shape)}], but are [{string.Join(", ", made[ComposedTensors.Frames].Shape)}]. Correct the strides in seedance.json.");
            }

            throw;
        }
    }

    public void Dispose()
    {
        _binding?.Dispose(); // not there yet where the constructor failed
        foreach ((_, DeviceTensor nothing, DeviceTensor[] turns) in _memory)
        {
            nothing.Dispose();
            turns[0]?.Dispose();
            turns[1]?.Dispose();
        }
    }

    /// <summary>Nothing to remember yet, zeros in the shape that the latents give; and two places for what there is later, which take turns.</summary>
    private void Remember(GraphSession pixels, TensorContract past)
    {
        long[] shape = [.. ChunkMemory.ShapeOf(pixels.Contract, past, _tile)];
        using HostTensor zeros = HostTensor.Allocate(past.ElementType, shape);
        zeros.AsBytes().Clear();
        DeviceTensor[] turns = new DeviceTensor[2];
        _memory.Add((past, pixels.Upload(zeros), turns));
        turns[0] = pixels.Allocate(past.ElementType, shape);
        turns[1] = pixels.Allocate(past.ElementType, shape);
    }

    /// <summary>The tile's latents of some frames, [1, C, count, h, w].</summary>
    private HostTensor Cut(ReadOnlySpan<float> latents, LatentShape clip, int first, int count, int top, int left)
    {
        HostTensor sample = HostTensor.Allocate(ElementType.Float32, 1, clip.Channels, count, _tile.Height, _tile.Width);
        Span<float> to = sample.AsSpan<float>();
        for (int channel = 0; channel < clip.Channels; channel++)
        {
            for (int frame = first; frame < first + count; frame++)
            {
                for (int row = 0; row < _tile.Height; row++)
                {
                    int from = ((((channel * clip.Frames) + frame) * clip.Height) + top + row) * clip.Width;
                    latents.Slice(from + left, _tile.Width).CopyTo(to);
                    to = to[_tile.Width..];
                }
            }
        }

        return sample;
    }
}

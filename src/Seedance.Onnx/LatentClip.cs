using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Requests;

namespace Seedance.Onnx;

/// <summary>A video before it is decoded: latents, and how they were made. A file of them is a safetensors file with one tensor, "latents", or "latents_0", "latents_1" and so on for a video in windows. Immutable.</summary>
public sealed class LatentClip
{
    private const string TensorName = "latents";
    private const string RecordName = "seedance";
    private const int MaxHeaderBytes = 1 << 20;

    internal LatentClip(GenerationPlan plan, ModelPack pack, ReadOnlyMemory<float> values)
    {
        Plan = plan;
        Pack = pack;
        Values = values;
    }

    /// <summary>What was done, but for images: they are in the latents already.</summary>
    public GenerationPlan Plan { get; }

    /// <summary>Normalised latents, [C, f, h, w] float32; those of several windows one behind another.</summary>
    public ReadOnlyMemory<float> Values { get; }

    /// <summary>The pack that made them.</summary>
    internal ModelPack Pack { get; }

    /// <summary>Writes a file; it appears under its name only when it is whole.</summary>
    /// <param name="path">The file to be; one that exists is replaced.</param>
    /// <exception cref="MediaException">The file cannot be written there, or the disk is full. Nothing is left of it.</exception>
    public void Save(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        string full = Path.GetFullPath(path), partial = Path.Combine(Path.GetDirectoryName(full) ?? full, $".seedance-{Guid.NewGuid():N}.partial");
        try
        {
            using (FileStream file = new(partial, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                Write(file);
            }

            File.Move(partial, full, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            File.Delete(partial);
            throw new MediaException($"Latents '{path}' must be writable, but are not: {e.Message} Choose another folder, or free space.", e);
        }
    }

    /// <summary>Reads a file that <see cref="Save"/> wrote.</summary>
    /// <param name="path">The file.</param>
    /// <param name="pack">The pack that made them.</param>
    /// <returns>The clip.</returns>
    /// <exception cref="MediaException">The file cannot be read, or is no file of latents.</exception>
    /// <exception cref="InvalidRequestException">The latents were made by another pack, or the file is damaged.</exception>
    public static LatentClip Load(string path, ModelPack pack)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        ArgumentNullException.ThrowIfNull(pack);
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            return Read(file, path, pack);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MediaException($"Latents '{path}' must be a file that can be read, but are not: {e.Message} Check the path.", e);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or NullReferenceException or KeyNotFoundException)
        {
            throw new MediaException($"Latents '{path}' must be a safetensors file that this program has written, but are not: {e.Message} Use another file.", e);
        }
    }

    /// <summary>The tensors of a file, in order.</summary>
    private static IEnumerable<(string Name, LatentShape Shape)> TensorsOf(GenerationPlan plan) =>
        plan.Windows.Select((window, index) => (plan.Windows.Length == 1 ? TensorName : $"{TensorName}_{index}", plan.LatentsOf(window)));

    private void Write(FileStream file)
    {
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(Values.Span);
        JsonObject header = new() { ["__metadata__"] = new JsonObject { [RecordName] = GenerationRecord.Of(Plan, Pack).ToJson() } };
        long end = 0;
        foreach ((string name, LatentShape shape) in TensorsOf(Plan))
        {
            long begin = end;
            end += sizeof(float) * shape.Length;
            header[name] = new JsonObject
            {
                ["dtype"] = "F32",
                ["shape"] = new JsonArray(shape.Channels, shape.Frames, shape.Height, shape.Width),
                ["data_offsets"] = new JsonArray(begin, end),
            };
        }

        byte[] json = JsonSerializer.SerializeToUtf8Bytes(header);
        // The tensor begins at a multiple of 8, as the format asks for; spaces may follow the JSON.
        int padded = (json.Length + 7) / 8 * 8;
        Span<byte> length = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)padded);
        file.Write(length);
        file.Write(json);
        file.Write(new string(' ', padded - json.Length).Select(c => (byte)c).ToArray());
        file.Write(bytes);
    }

    private static LatentClip Read(FileStream file, string path, ModelPack pack)
    {
        Span<byte> length = stackalloc byte[sizeof(ulong)];
        if (file.Length < length.Length)
        {
            throw new FormatException("it is too short.");
        }

        file.ReadExactly(length);
        ulong headerBytes = BinaryPrimitives.ReadUInt64LittleEndian(length);
        if (headerBytes > MaxHeaderBytes || (long)headerBytes > file.Length - length.Length)
        {
            throw new FormatException("its header has an impossible length.");
        }

        byte[] json = new byte[headerBytes];
        file.ReadExactly(json);
        JsonNode header = JsonNode.Parse(json)!;
        if (!GenerationRecord.TryParse(header["__metadata__"]![RecordName]!.GetValue<string>(), out GenerationRecord? record))
        {
            throw new FormatException("it does not say how it was made.");
        }

        if (record!.PackSum != pack.Sum)
        {
            throw new InvalidRequestException([$"Latents '{path}' must be decoded by the pack that made them, '{record.Pack}', but the pack is another '{pack.Contract.Name} {pack.Contract.Version}'. Name it with --pack."]);
        }

        // Images are in the latents already: a pack that asks for some is not asked again.
        VideoSource? VideoOf(string kind) => record!.Images.Where(image => image.Key == kind).Select(image => VideoSource.FromFile(image.Value)).FirstOrDefault();
        VideoSource? video = VideoOf(GenerationRecord.InputVideo);
        VideoRequest request = record.Request with { ImageGuidance = null, InputVideo = video, OnlyNew = video is not null, SemanticsOf = VideoOf(GenerationRecord.SemanticsOf) };
        GenerationPlan plan = GenerationPlan.Create(request, pack.Contract with { MinImages = 0 }, pack.Scheduler);
        long values = TensorsOf(plan).Sum(tensor => tensor.Shape.Length);
        foreach ((string name, LatentShape shape) in TensorsOf(plan))
        {
            long[] stated = [.. header[name]!["shape"]!.AsArray().Select(side => side!.GetValue<long>())];
            if (!stated.SequenceEqual([shape.Channels, shape.Frames, shape.Height, shape.Width]) || (string?)header[name]!["dtype"] != "F32" || file.Length - file.Position != sizeof(float) * values)
            {
                throw new InvalidRequestException([$"Latents '{path}' must be {shape} float32, but are {(string?)header[name]!["dtype"]} [{string.Join(", ", stated)}] in {file.Length - file.Position} bytes. The file is damaged: make it again."]);
            }
        }

        float[] latents = new float[values];
        file.ReadExactly(MemoryMarshal.AsBytes(latents.AsSpan()));
        return new LatentClip(plan, pack, latents);
    }
}

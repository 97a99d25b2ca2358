using System.Collections.Immutable;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Packs;

namespace Seedance.Onnx.Forecasts;

/// <summary>A model for videos by its dimensions alone, so that one nobody has exported, or trained, can be planned for.</summary>
public sealed record ModelShape
{
    private const string EmbeddedPrefix = "shapes.";

    /// <summary>The name to ask for it by, for example "wan-2.1-14b".</summary>
    public required string Name { get; init; }

    /// <summary>What it is.</summary>
    public required string Title { get; init; }

    /// <summary>Where the dimensions come from, and which of them are assumed.</summary>
    public required string Source { get; init; }

    /// <summary>Frames a second.</summary>
    public required int Fps { get; init; }

    /// <summary>Frames of a clip if nobody says otherwise.</summary>
    public required int Frames { get; init; }

    /// <summary>The sizes that it is made for, by name ("480p"), the default first.</summary>
    public required ImmutableArray<KeyValuePair<string, VideoSize>> Sizes { get; init; }

    /// <summary>How pixels relate to latents. Mean and deviation play no part here.</summary>
    public required LatentGeometry Latents { get; init; }

    /// <summary>The text encoders, each of which reads every prompt.</summary>
    public required ImmutableArray<TextEncoderShape> TextEncoders { get; init; }

    /// <summary>What makes latents of noise.</summary>
    public required TransformerShape Denoiser { get; init; }

    /// <summary>What makes latents of the asked size from those of <see cref="BaseSize"/>; null for a model without cascade.</summary>
    public TransformerShape? Upscaler { get; init; }

    /// <summary>The size up to which <see cref="Denoiser"/> works; larger ones are <see cref="Upscaler"/>'s. Null for a model without cascade.</summary>
    public VideoSize? BaseSize { get; init; }

    /// <summary>The convolutions of the decoder.</summary>
    public required ImmutableArray<ConvolutionShape> Decoder { get; init; }

    /// <summary>The names of the shapes that come with this library.</summary>
    public static IReadOnlyList<string> Names { get; } = ForecastFiles.EmbeddedNames(EmbeddedPrefix);

    /// <summary>Finds a shape.</summary>
    /// <param name="nameOrPath">One of <see cref="Names"/>, or a JSON file.</param>
    /// <returns>The shape.</returns>
    /// <exception cref="InvalidRequestException">The file is not there or is malformed; every problem is listed.</exception>
    public static ModelShape Find(string nameOrPath)
    {
        ArgumentException.ThrowIfNullOrEmpty(nameOrPath);
        return Names.Contains(nameOrPath)
            ? ForecastFiles.ReadEmbedded($"{EmbeddedPrefix}{nameOrPath}.json", Read)
            : ForecastFiles.Read("Shape", nameOrPath, Read);
    }

    /// <summary>What a clip takes, stage by stage.</summary>
    /// <param name="size">The frames' size; both sides multiples of the latents' stride.</param>
    /// <param name="frames">Frames, valid by the latents' geometry.</param>
    /// <param name="steps">Steps of the denoiser; the shape's if not specified.</param>
    /// <param name="branches">Rows of the denoiser's batch; the shape's if not specified.</param>
    /// <returns>The stages in order.</returns>
    public ImmutableArray<StageWork> WorkOf(VideoSize size, int frames, int? steps = null, int? branches = null)
    {
        LatentShape latents = Latents.LatentsOf(size, frames);
        VideoSize denoised = DenoisedSize(size);
        int rows = branches ?? Denoiser.Branches;
        StageWork text = Join(StageWork.Text, TextEncoders.Select(encoder => encoder.Work().Times(rows)));
        StageWork pass = Denoiser.PassOf(Latents.LatentsOf(denoised, frames));
        StageWork denoise = pass.Times((double)rows * (steps ?? Denoiser.Steps)) with { LiveValues = pass.LiveValues * rows };
        return
        [
            text, denoise,
            .. Upscaler is { } upscaler && denoised != size ? [upscaler.PassOf(latents).Times(upscaler.Branches * (double)upscaler.Steps) with { Name = StageWork.Upscale }] : Array.Empty<StageWork>(),
            DecodeOf(latents),
        ];
    }

    /// <summary>What decoding latents does.</summary>
    /// <param name="latents">[C, f, h, w].</param>
    /// <returns>The stage's work.</returns>
    public StageWork DecodeOf(LatentShape latents) => new(
        StageWork.Decode,
        [.. Decoder.SelectMany(convolution => convolution.WorkOf(latents, Latents.CausalFirstFrame))],
        Decoder.Sum(convolution => convolution.Parameters),
        Decoder.Max(convolution => convolution.LiveValuesOf(latents, Latents.CausalFirstFrame)));

    private VideoSize DenoisedSize(VideoSize size)
    {
        if (BaseSize is not { } most || (double)size.Width * size.Height <= (double)most.Width * most.Height)
        {
            return size;
        }

        // The asked shape with as many pixels as the base has.
        double scale = Math.Sqrt((double)most.Width * most.Height / ((double)size.Width * size.Height));
        return new VideoSize((int)Math.Round(size.Width * scale), (int)Math.Round(size.Height * scale)).NearestMultiple(Latents.SpatialStride);
    }

    private static StageWork Join(string name, IEnumerable<StageWork> parts)
    {
        StageWork[] all = [.. parts];
        return new StageWork(name, [.. all.SelectMany(part => part.Operators)], all.Sum(part => part.Parameters), all.Select(part => part.LiveValues).DefaultIfEmpty().Max());
    }

    private static ModelShape Read(JsonFields fields)
    {
        fields.Setting("$schema", required: null, optional: true);
        JsonFields latents = fields.Fields("latents"), sizes = fields.Fields("sizes");
        int channels = latents.Whole("channels", 1, 1 << 16);
        ModelShape shape = new()
        {
            Name = fields.Text("name"),
            Title = fields.Text("title"),
            Source = fields.Text("source"),
            Fps = fields.Whole("fps", 1, 1000),
            Frames = fields.Whole("frames", 1, 1 << 20),
            Sizes = [.. sizes.AllKeys().Select(name => KeyValuePair.Create(name, ReadSize(sizes, name)))],
            Latents = new LatentGeometry
            {
                Channels = channels,
                TemporalStride = latents.Whole("temporal_stride", 1, 1024),
                SpatialStride = latents.Whole("spatial_stride", 1, 1024),
                CausalFirstFrame = latents.Flag("causal_first_frame"),
                Mean = [.. Enumerable.Repeat(0f, channels)],
                Std = [.. Enumerable.Repeat(1f, channels)],
            },
            TextEncoders = [.. fields.FieldsList("text_encoders").Select(TextEncoderShape.Read)],
            Denoiser = TransformerShape.Read(fields.Fields("denoiser")),
            Upscaler = fields.Has("upscaler") ? TransformerShape.Read(fields.Fields("upscaler")) : null,
            BaseSize = fields.Has("upscaler") ? ReadSize(fields, "base_size") : null,
            Decoder = [.. fields.FieldsList("decoder").Select(ConvolutionShape.Read)],
        };
        if (!shape.Latents.IsValidFrames(shape.Frames))
        {
            fields.Report("frames", $"{shape.Latents.FramesRule}, as latents are");
        }

        if (shape.Sizes.IsEmpty)
        {
            fields.Report("sizes", "an object with at least one size");
        }

        latents.Close();
        fields.Close();
        return shape;
    }

    private static VideoSize ReadSize(JsonFields fields, string key)
    {
        string text = fields.Text(key, "a size in pixels such as 832x480", value => VideoSize.TryParse(value, out _));
        return VideoSize.TryParse(text, out VideoSize size) ? size : new VideoSize(1, 1);
    }
}

using System.Collections.Immutable;
using Seedance.Onnx.Latents;
using Seedance.Onnx.Packs;
using Seedance.Onnx.Prompts;

namespace Seedance.Onnx.Requests;

/// <summary>What a request comes to with a pack: flags of the prompt taken in, shots told apart, size and length chosen, and everything that is wrong with it.</summary>
internal sealed class RequestReading
{
    private const int RoomForFlags = 1000;

    private readonly List<string> _problems = [];
    private readonly List<string> _notices = [];

    private RequestReading(VideoRequest request, PackContract contract)
    {
        // What is far too long is told as that, and not taken apart.
        bool readable = (request.Prompt?.Length ?? 0) <= RequestChecks.MostCharacters(contract) + RoomForFlags;
        PromptText text = PromptText.Parse(readable ? request.Prompt : "");
        text = readable ? text : text with { Words = request.Prompt! };
        _notices.AddRange(text.Notices);
        Request = new WeakFlags(text, contract, _notices).FillIn(request);
        Shots = ReadShots(Request, contract);
        RequestChecks.Check(Request, Shots, contract, _problems);
        ImageChecks.Check(Request, contract, _problems);
        if (_problems.Count > 0)
        {
            return;
        }

        NamedResolution? named = Request.Resolution is { } name ? NamedResolution.Find(name, contract) : null;
        Upscale = named?.Times ?? Request.Upscale ?? 1;
        Size = ChooseSize(Request, named?.Sizes ?? contract.Video.Sizes);
        Frames = ChooseFrames(Request, contract);
        CheckSource(Request, contract);
        PlannedShots = ShotLayout.Divide(Shots, contract.Latents.LatentFrames(Frames), contract, _problems);
        Conditions = ImageChecks.Place(Request, PlannedShots, Frames, contract, _problems);
        Windows = _problems.Count > 0 ? [] : WindowLayout.Divide(Frames, Request.InputVideo is not null, PlannedShots, Conditions, contract, _problems);
    }

    /// <summary>The request with the prompt's flags filled in where it left something open, and the prompt without them.</summary>
    public VideoRequest Request { get; }

    /// <summary>The shots, at least one.</summary>
    public ImmutableArray<ShotRequest> Shots { get; }

    /// <summary>What keeps the pack from carrying it out; where there is any, what follows is not to be used.</summary>
    public IReadOnlyList<string> Problems => _problems;

    /// <summary>What is done otherwise than written.</summary>
    public IReadOnlyList<string> Notices => _notices;

    public VideoSize Size { get; }

    /// <summary>How many times larger the video's frames are than <see cref="Size"/>.</summary>
    public int Upscale { get; }

    public int Frames { get; }

    public ImmutableArray<PlannedShot> PlannedShots { get; } = [];

    public ImmutableArray<PlannedCondition> Conditions { get; } = [];

    public ImmutableArray<PlannedWindow> Windows { get; } = [];

    public static RequestReading Of(VideoRequest request, PackContract contract) => new(request, contract);

    /// <summary>The shots of the request, or those that its prompt tells; one where the pack knows no shots.</summary>
    private ImmutableArray<ShotRequest> ReadShots(VideoRequest request, PackContract contract)
    {
        if (request.Shots is { IsEmpty: false } shots)
        {
            return [.. shots.Where(shot => shot is not null).Select(shot => Complete(shot with { Caption = Caption.Join(request.Prompt.Trim(), shot.Caption?.Trim() ?? "") }, request))];
        }

        bool readable = request.Prompt.Length <= RequestChecks.MostCharacters(contract) + RoomForFlags;
        if (readable && contract.MaxShots == 1 && ShotNotation.IsUsed(request.Prompt))
        {
            _notices.Add($"The prompt tells several shots, but pack '{contract.Name}' takes a prompt as one text: it is given as it is.");
        }

        ImmutableArray<string> captions = contract.MaxShots == 1 || !readable ? [request.Prompt] : ShotNotation.Split(request.Prompt, _problems);
        return [.. captions.Select(caption => Complete(new ShotRequest { Caption = caption }, request))];
    }

    /// <summary>Puts the camera's move in words.</summary>
    private static ShotRequest Complete(ShotRequest shot, VideoRequest request) => (shot.Camera ?? request.Camera) is { } camera && Enum.IsDefined(camera)
        ? shot with { Camera = camera, Caption = Caption.Join(shot.Caption, CameraNames.Describe(camera, shot.Caption)) }
        : shot;

    private VideoSize ChooseSize(VideoRequest request, ImmutableArray<VideoSize> sizes)
    {
        if (request is { Width: { } width, Height: { } height })
        {
            return new VideoSize(width, height);
        }

        AspectRatio? wanted = request.Ratio ?? (request.Images.Select(image => image.Size).Prepend(request.InputVideo?.Size).Append(request.SemanticsOf?.Size).FirstOrDefault(size => size is not null) is { } image ? new AspectRatio(image.Width, image.Height) : null);
        VideoSize size = wanted?.Nearest(sizes) ?? sizes[0];
        if (request.Ratio is { } ratio && Math.Abs(Math.Log((double)ratio.Width * size.Height / ratio.Height / size.Width)) > 0.01)
        {
            _notices.Add($"The pack's nearest size to the ratio {ratio} is {size}.");
        }

        return size;
    }

    /// <summary>A video that gives its semantics is as long as the new one; of its last frames some may be missing, because lengths go by latent frames.</summary>
    private void CheckSource(VideoRequest request, PackContract contract)
    {
        if (request.SemanticsOf is { Duration.TotalSeconds: var seconds } source && seconds * contract.Video.Fps <= Frames - contract.Latents.TemporalStride)
        {
            _problems.Add($"Frames must be at most {contract.Latents.NearestFrames(seconds * contract.Video.Fps, contract.Video.LongestFrames)}, as many as video '{source}' gives the semantics of, but is {Frames}. Ask for a shorter video.");
        }
    }

    private int ChooseFrames(VideoRequest request, PackContract contract)
    {
        // Behind an input video the first latent frame is there already.
        int least = request.InputVideo is null ? 1 : 2;
        if (request.Frames is { } given)
        {
            return given;
        }

        double? told = request.Duration?.TotalSeconds ?? SecondsOf(Shots);
        if ((told ?? request.SemanticsOf?.Duration?.TotalSeconds) is not { } seconds)
        {
            // Every shot needs a latent frame of its own.
            return Math.Max(contract.Video.DefaultFrames, contract.Latents.Frames(Math.Max(Shots.Length, least)));
        }

        double wanted = (seconds * contract.Video.Fps) + (least - 1);
        int frames = Math.Max(contract.Latents.NearestFrames(wanted, contract.Video.LongestFrames), contract.Latents.Frames(request.Duration is null ? Math.Max(Shots.Length, least) : least));
        if (Math.Abs(wanted - frames) > 1)
        {
            _notices.Add($"The pack's nearest length to {seconds:0.###} seconds is {frames} frames, {(double)frames / contract.Video.Fps:0.###} seconds.");
        }

        return frames;
    }

    /// <summary>How long all shots are together; null where one does not say.</summary>
    public static double? SecondsOf(ImmutableArray<ShotRequest> shots) =>
        shots.All(shot => shot.Duration is not null) ? shots.Sum(shot => shot.Duration!.Value.TotalSeconds) : null;
}
